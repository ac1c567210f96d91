"""What was applied is kept, and may be shared. The only folder that writes refs."""

from __future__ import annotations

from .log import Application as Application
from .log import applications as applications
from .log import runners as runners
from .store import REF as REF
from .store import Archive as Archive
from .store import Entry as Entry
from .store import Run as Run
from .store import database_key as database_key
from .store import drop as drop
from .store import entries as entries
from .store import forget as forget
from .store import forgotten as forgotten
from .store import keep as keep
from .store import read as read
from .store import revisions as revisions
from .store import tips as tips
from .team import NotShared as NotShared
from .team import Other as Other
from .team import Team as Team
from .team import others as others
from .team import sharing as sharing
from .team import team_of as team_of
