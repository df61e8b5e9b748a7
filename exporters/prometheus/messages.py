"""What the landing page and the plain answers say, in English and Indonesian."""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "title": "netmon: metrics",
    "intro": "What was last read of every target, for Prometheus to scrape.",
    "metrics": "everything on one page (scrape it with honor_labels: true)",
    "own": "netmon's own metrics, to go with the targets' pages",
    "sd": "the targets, for Prometheus's HTTP service discovery",
    "healthy": "is the program working?",
    "ready": "has it read its targets once?",
    "target": "Target",
    "job": "Job",
    "site": "Site",
    "state": "State",
    "age": "Last answer",
    "page": "Page",
    "up": "answers",
    "down": "does not answer",
    "stale": "answered, but not lately",
    "waiting": "not read yet",
    "ago": "{seconds} s ago",
    "never": "never",
    "none": "No targets yet: add devices to the inventory.",
}

INDONESIAN: Mapping[str, str] = {
    "title": "netmon: metrik",
    "intro": "Hasil pembacaan terakhir dari setiap target, untuk diambil oleh Prometheus.",
    "metrics": "semuanya dalam satu halaman (ambil dengan honor_labels: true)",
    "own": "metrik netmon sendiri, pelengkap halaman setiap target",
    "sd": "daftar target untuk HTTP service discovery Prometheus",
    "healthy": "apakah program bekerja?",
    "ready": "apakah semua target sudah pernah dibaca?",
    "target": "Target",
    "job": "Job",
    "site": "Lokasi",
    "state": "Keadaan",
    "age": "Jawaban terakhir",
    "page": "Halaman",
    "up": "menjawab",
    "down": "tidak menjawab",
    "stale": "pernah menjawab, tetapi sudah lama",
    "waiting": "belum dibaca",
    "ago": "{seconds} detik yang lalu",
    "never": "belum pernah",
    "none": "Belum ada target: tambahkan perangkat ke inventaris.",
}


def choose_language(accept_language: str) -> tuple[str, Mapping[str, str]]:
    """Return (language tag, its texts) for an Accept-Language header (RFC 9110 section 12.5.4); English if in doubt."""
    best, best_weight = "en", 0.0
    for item in accept_language[:1_000].lower().split(","):
        tag, _, parameter = item.partition(";")
        name, _, number = parameter.partition("=")
        try:
            weight = float(number) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        language = tag.strip().split("-")[0]
        if language in {"en", "id"} and weight > best_weight:
            best, best_weight = language, weight
    return best, INDONESIAN if best == "id" else ENGLISH
