"""What was applied is kept, and may be shared. The only folder that writes refs."""

from __future__ import annotations

from .store import REF as REF
from .store import Archive as Archive
from .store import Entry as Entry
from .store import Run as Run
from .store import database_key as database_key
from .store import drop as drop
from .store import entries as entries
from .store import keep as keep
from .store import read as read
from .store import revisions as revisions
from .store import tips as tips
