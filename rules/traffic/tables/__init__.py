"""What one window of traffic comes to, by address and by port."""

from rules.traffic.tables.amplifiers import AMPLIFIERS
from rules.traffic.tables.merge import merge
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.sketch import distinct
from rules.traffic.tables.tables import Tables

__all__ = ["AMPLIFIERS", "Tables", "TablesSettings", "distinct", "merge"]
