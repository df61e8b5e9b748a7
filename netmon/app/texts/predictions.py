"""What `netmon predictions` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.predictions.short": Text(
        "what is foretold, and how right it was", "apa yang diramalkan, dan seberapa tepat ramalannya"
    ),
    "predictions.help": Text(
        "Show which limits are expected to be reached, the nearest first; with --report, what became of what was "
        "foretold before.",
        "Tampilkan batas yang diperkirakan akan tercapai, terdekat dahulu; dengan --report, hasil ramalan sebelumnya.",
    ),
    "predictions.examples": Text(
        "\b\nExamples:\n"
        "  netmon predictions\n"
        "  netmon predictions --all --since 30d --target 'sw-*'\n"
        "  netmon predictions --report --since 90d\n"
        "  netmon predictions --report --format csv > account.csv\n\n"
        "precision = hit / (hit + early + late + false); recall = foretold / (foretold + missed). What was averted, "
        "and what could not be judged, counts for neither. A dash: nothing was scored yet.",
        "\b\nContoh:\n"
        "  netmon predictions\n"
        "  netmon predictions --all --since 30d --target 'sw-*'\n"
        "  netmon predictions --report --since 90d\n"
        "  netmon predictions --report --format csv > laporan.csv\n\n"
        "presisi = tepat / (tepat + dini + terlambat + keliru); cakupan = teramalkan / (teramalkan + luput). "
        "Yang terhindarkan dan yang tak dapat dinilai tidak dihitung. Tanda hubung: belum ada yang dinilai.",
    ),
    "predictions.option.all": Text("Also those that were scored lately.", "Juga yang baru saja dinilai."),
    "predictions.option.report": Text(
        "The account of each rule: outcomes, precision, recall, lead time, error.",
        "Laporan tiap aturan: hasil, presisi, cakupan, waktu tenggang, galat.",
    ),
    "predictions.option.since": Text(
        "Only those made (with --report: scored) since then: 30d, yesterday, 2026-11-01.",
        "Hanya yang dibuat (dengan --report: dinilai) sejak itu: 30d, yesterday, 2026-11-01.",
    ),
    "predictions.option.format": Text(
        "json: one object a line; csv: with a head.", "json: satu objek per baris; csv: dengan judul kolom."
    ),
    "predictions.none": Text("Nothing is foretold.", "Tidak ada yang diramalkan."),
    "predictions.none_scored": Text("No prediction was made yet.", "Belum ada ramalan yang dibuat."),
    "predictions.count": Text("{shown} of {total}", "{shown} dari {total}"),
    "predictions.column.outcome": Text("outcome", "hasil"),
    "predictions.column.when": Text("expected", "perkiraan"),
    "predictions.column.between": Text("80% between", "80% antara"),
    "predictions.column.rule": Text("rule", "aturan"),
    "predictions.column.target": Text("target", "target"),
    "predictions.column.series": Text("series", "deret"),
    "predictions.column.made": Text("said", "diucapkan"),
    "predictions.column.reached": Text("reached", "tercapai"),
    "predictions.column.open": Text("open", "terbuka"),
    "predictions.column.hit": Text("hit", "tepat"),
    "predictions.column.early": Text("early", "dini"),
    "predictions.column.late": Text("late", "terlambat"),
    "predictions.column.false": Text("false", "keliru"),
    "predictions.column.averted": Text("averted", "terhindarkan"),
    "predictions.column.void": Text("void", "tak dinilai"),
    "predictions.column.missed": Text("missed", "luput"),
    "predictions.column.precision": Text("precision", "presisi"),
    "predictions.column.recall": Text("recall", "cakupan"),
    "predictions.column.lead": Text("lead", "tenggang"),
    "predictions.column.error": Text("error", "galat"),
    "predictions.ago": Text("{time} ago", "{time} lalu"),
    "predictions.in": Text("in {time}", "dalam {time}"),
}
