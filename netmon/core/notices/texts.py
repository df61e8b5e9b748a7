"""The words of messages in English and Indonesian, with the same `{placeholders}`. Only words: no decisions."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Text(NamedTuple):
    """The same words twice."""

    en: str
    id: str


TEXTS: Final[Mapping[str, Text]] = {
    # Subjects. {severity} is one of the words below in capitals.
    "subject.opened": Text("[{severity}] {where}{title} ({incident})", "[{severity}] {where}{title} ({incident})"),
    "subject.repeated": Text(
        "[{severity}, STILL OPEN] {where}{title} ({incident})",
        "[{severity}, BELUM SELESAI] {where}{title} ({incident})",
    ),
    "subject.escalated": Text(
        "[{severity}, NO ANSWER YET] {where}{title} ({incident})",
        "[{severity}, BELUM DITANGANI] {where}{title} ({incident})",
    ),
    "subject.worse": Text(
        "[NOW {severity}] {where}{title} ({incident})", "[KINI {severity}] {where}{title} ({incident})"
    ),
    "subject.acknowledged": Text(
        "[IN HAND, {severity}] {where}{title} ({incident})", "[DITANGANI, {severity}] {where}{title} ({incident})"
    ),
    "subject.resolved": Text(
        "[RESOLVED, {severity}] {where}{title} ({incident})", "[SELESAI, {severity}] {where}{title} ({incident})"
    ),
    "subject.handover": Text(
        "[ON CALL, {severity}] {where}{title} ({incident})", "[GILIRAN JAGA, {severity}] {where}{title} ({incident})"
    ),
    "subject.many.handover": Text(
        "[ON CALL, {severity}] open now: {count} incidents{sites}",
        "[GILIRAN JAGA, {severity}] masih terbuka: {count} insiden{sites}",
    ),
    "subject.closed": Text(
        "[CLOSED, {severity}] {where}{title} ({incident})", "[DITUTUP, {severity}] {where}{title} ({incident})"
    ),
    "subject.many": Text("[{severity}] {count} more incidents{sites}", "[{severity}] {count} insiden lagi{sites}"),
    "subject.many.over": Text("[RESOLVED] {count} more incidents{sites}", "[SELESAI] {count} insiden lagi{sites}"),
    "subject.many.closed": Text("[CLOSED] {count} more incidents{sites}", "[DITUTUP] {count} insiden lagi{sites}"),
    "subject.digest": Text("Digest: {count} incidents{sites}", "Ringkasan: {count} insiden{sites}"),
    "subject.digest.one": Text("Digest: 1 incident{sites}", "Ringkasan: 1 insiden{sites}"),
    # Severities
    "severity.info": Text("info", "info"),
    "severity.warning": Text("warning", "peringatan"),
    "severity.error": Text("error", "gangguan"),
    "severity.critical": Text("critical", "kritis"),
    # Lines of a message on one incident
    "line.where": Text("Where: {where}", "Di mana: {where}"),
    "line.since": Text("Since: {time} ({ago} ago)", "Sejak: {time} ({ago} yang lalu)"),
    "line.lasted": Text("From {begin} to {end} ({lasted})", "Dari {begin} sampai {end} ({lasted})"),
    "line.alerts": Text("Alerts: {count}", "Alarm: {count}"),
    "line.alerts.more": Text("  and {count} more", "  dan {count} lagi"),
    "line.effects": Text("Effects of the cause, of these: {count}", "Akibat dari penyebab itu, di antaranya: {count}"),
    "line.impact": Text(
        "Expected: {median} (80% sure: {early} to {late})", "Diperkirakan: {median} (80% yakin: {early} sampai {late})"
    ),
    "line.runbook": Text("What to do: {url}", "Langkah: {url}"),
    "line.acknowledged": Text("{who} has it in hand since {time}.", "Ditangani {who} sejak {time}."),
    "line.note": Text("Note: {note}", "Catatan: {note}"),
    "line.over": Text("It is over.", "Sudah selesai."),
    # Why it was closed, where nobody saw that it was over. {part} is empty where this goes for all of its alerts.
    "ended.expired": Text(
        "Not said any more{lasted}: nobody knows whether it is over{part}.",
        "Tidak dilaporkan lagi{lasted}: tidak ada yang tahu apakah sudah selesai{part}.",
    ),
    "ended.lasted": Text(" for {time}", " selama {time}"),
    "ended.operator": Text(
        "An operator closed it; nobody saw that it was over{part}.",
        "Ditutup operator; tidak terlihat apakah sudah selesai{part}.",
    ),
    "ended.target": Text(
        "Its target left the inventory: it is not watched any more{part}.",
        "Perangkatnya keluar dari inventaris: tidak diawasi lagi{part}.",
    ),
    "ended.other": Text("It was closed: {why}{part}.", "Ditutup: {why}{part}."),
    "ended.unknown": Text("It was closed; why is not known here.", "Ditutup; sebabnya tidak diketahui di sini."),
    "ended.part": Text(" ({n} of {count} alerts)", " ({n} dari {count} alarm)"),
    "line.absorbed": Text("Takes in: {incidents}", "Mencakup: {incidents}"),
    "line.merged": Text("It goes on as {incident}.", "Dilanjutkan sebagai {incident}."),
    "line.worse": Text("It became worse: {severity} now.", "Memburuk: kini {severity}."),
    "line.escalated": Text("Nobody has taken it in hand yet.", "Belum ada yang menangani."),
    "line.repeated": Text("It is still open and in nobody's hand.", "Masih terbuka dan belum ada yang menangani."),
    "line.handover": Text("You are on call now, and this is open.", "Kini giliran jaga Anda, dan ini masih terbuka."),
    "line.reopened": Text("It is open again.", "Terbuka lagi."),
    "line.unreached": Text(
        "You are told because {person} could not be reached.", "Anda diberi tahu karena {person} tidak dapat dihubungi."
    ),
    "line.ack": Text("Take it in hand: netmon ack {incident}", "Tangani: netmon ack {incident}"),
    "more": Text("{names} and {count} more", "{names} dan {count} lagi"),
    # Lines of a message on many
    "many.why": Text(
        "So many came at once that these are told together.", "Terlalu banyak sekaligus, jadi ini disatukan."
    ),
    "many.open": Text("Open: {count}", "Terbuka: {count}"),
    "many.acknowledged": Text("In hand: {count}", "Ditangani: {count}"),
    "many.resolved": Text("Over already: {count}", "Sudah selesai: {count}"),
    "many.closed": Text("Closed, and not seen to be over: {count}", "Ditutup, belum tentu selesai: {count}"),
    "many.severities": Text("  {counts}", "  {counts}"),
    "many.sites": Text("Sites: {counts}", "Lokasi: {counts}"),
    "many.worst": Text("The worst of them:", "Yang terparah:"),
    "many.rest": Text("and {count} more", "dan {count} lagi"),
    "many.over": Text("over", "selesai"),
    "many.shut": Text("closed, not seen to be over", "ditutup, belum tentu selesai"),
    "many.hand": Text("in hand: {who}", "ditangani {who}"),
    "many.held": Text("in hand", "ditangani"),
    "many.all": Text("All of them: netmon incidents", "Semuanya: netmon incidents"),
    # Times
    "time.now": Text("just now", "baru saja"),
    "duration.s": Text("{n} s", "{n} detik"),
    "duration.min": Text("{n} min", "{n} menit"),
    "duration.h": Text("{n} h {m} min", "{n} jam {m} menit"),
    "duration.d": Text("{n} d {m} h", "{n} hari {m} jam"),
    "days": Text("Mon Tue Wed Thu Fri Sat Sun", "Sen Sel Rab Kam Jum Sab Min"),
    "months": Text(
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des"
    ),
}


def say(language: str, key: str, /, **values: object) -> str:
    """Return a text in a language (`en`, `id`), with its placeholders filled."""
    text = TEXTS[key]
    return (text.id if language == "id" else text.en).format_map(values)
