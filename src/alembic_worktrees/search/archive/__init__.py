"""What was applied is kept, and may be shared. The only folder that writes refs."""

from __future__ import annotations

from .contents import REF as REF
from .contents import Archive as Archive
from .contents import Entry as Entry
from .contents import database_key as database_key
from .contents import entries as entries
from .contents import forgotten as forgotten
from .contents import read as read
from .contents import revisions as revisions
from .log import Application as Application
from .log import applications as applications
from .log import runners as runners
from .store import Run as Run
from .store import drop as drop
from .store import forget as forget
from .store import keep as keep
from .store import tips as tips
from .team import NotShared as NotShared
from .team import Other as Other
from .team import Team as Team
from .team import others as others
from .team import sharing as sharing
from .team import team_of as team_of
