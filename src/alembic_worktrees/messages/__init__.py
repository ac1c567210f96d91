"""How is it said, in which language? English stands where it is said; French is data, in `locale`."""

from .message import BAD, OK, PLAIN, SEEK, STEP, TITLE, WAIT, WARN, Message, Text, _, _n, few

__all__ = ("BAD", "OK", "PLAIN", "SEEK", "STEP", "TITLE", "WAIT", "WARN", "Message", "Text", "_", "_n", "few")
