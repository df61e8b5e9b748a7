"""What `netmon ledger` says."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "cli.ledger.short": Text("prove that nothing was changed", "buktikan bahwa tidak ada yang diubah"),
    "ledger.help": Text(
        "Prove that the record of what happened was not changed, and that a record stands in it.",
        "Buktikan bahwa catatan kejadian tidak diubah, dan bahwa suatu catatan ada di dalamnya.",
    ),
    "ledger.ledger": Text(
        "The ledger's directory; without it, that of the configuration's daemon.",
        "Direktori buku besar; tanpa ini, milik daemon dari konfigurasi.",
    ),
    "ledger.key": Text(
        "The ledger's public key as it was handed to you, or a file with it (repeat for more); without it, the one "
        "beside the ledger.",
        "Kunci publik buku besar seperti yang diserahkan kepada Anda, atau berkas yang berisi kunci itu (ulangi untuk "
        "lebih dari satu); tanpa ini, kunci di samping buku besar.",
    ),
    "ledger.checkpoint": Text(
        "A file of checkpoints that a witness kept: notes, lines of JSON, or a letter (repeat for more).",
        "Berkas checkpoint yang disimpan saksi: nota, baris JSON, atau surel (ulangi untuk lebih dari satu).",
    ),
    "ledger.verify.help": Text(
        "Prove from segments and checkpoints that no record was changed, removed, inserted, moved or cut off; name the "
        "first bad one.\n\n"
        "Exit status: 0 nothing is wrong, 1 something is, 2 nothing could be judged.",
        "Buktikan dari segmen dan checkpoint bahwa tidak ada catatan yang diubah, dihapus, disisipkan, dipindahkan, "
        "atau dipotong; sebutkan catatan rusak yang pertama.\n\n"
        "Status keluar: 0 tidak ada yang salah, 1 ada yang salah, 2 tidak dapat dinilai.",
    ),
    "ledger.verify.examples": Text(
        "\b\nExamples:\n"
        "  netmon ledger verify\n"
        "  netmon ledger verify --checkpoint kept.jsonl --key netmon/core-1/…+…+…\n"
        "  netmon ledger verify --ledger /mnt/copy/ledger --json",
        "\b\nContoh:\n"
        "  netmon ledger verify\n"
        "  netmon ledger verify --checkpoint simpanan.jsonl --key netmon/core-1/…+…+…\n"
        "  netmon ledger verify --ledger /mnt/salinan/ledger --json",
    ),
    "ledger.verify.json": Text("Say it as JSON.", "Tampilkan sebagai JSON."),
    "ledger.verify.progress": Text("Reading", "Membaca"),
    "ledger.good": Text(
        "Good: nothing was changed, removed, inserted or moved.",
        "Baik: tidak ada yang diubah, dihapus, disisipkan, atau dipindahkan.",
    ),
    "ledger.good.partly": Text(
        "Good up to record {last} ({sealed}): nothing was changed, removed, inserted or moved. {count} records after "
        "it are not sealed yet.",
        "Baik sampai catatan {last} ({sealed}): tidak ada yang diubah, dihapus, disisipkan, atau dipindahkan. {count} "
        "catatan sesudahnya belum disegel.",
    ),
    "ledger.good.sealed": Text("sealed", "tersegel"),
    "ledger.good.sealed_at": Text("sealed {time}", "tersegel {time}"),
    "ledger.purges": Text("Purges, the newest last:", "Pembersihan, yang terbaru di akhir:"),
    "ledger.purges.older": Text("{count} older ones: see --json", "{count} yang lebih lama: lihat --json"),
    "ledger.purges.one": Text(
        "{time}: {count} of category {category}, segment {segment}, written before {before} (record {by})",
        "{time}: {count} dari kategori {category}, segmen {segment}, ditulis sebelum {before} (catatan {by})",
    ),
    "ledger.bad": Text("BAD: {sentence}.", "RUSAK: {sentence}."),
    "ledger.unproved": Text("Nothing is proved: there is no checkpoint.", "Tidak ada bukti: belum ada checkpoint."),
    "ledger.where": Text("in {where}", "di {where}"),
    "ledger.where.line": Text("in {where}, line {line}", "di {where}, baris {line}"),
    "ledger.since": Text(
        "Records {since} to {last} are not proved either.", "Catatan {since} sampai {last} juga tidak terbukti."
    ),
    "ledger.more": Text("and {count} more", "dan {count} lainnya"),
    "ledger.row.origin": Text("Ledger", "Buku besar"),
    "ledger.row.key": Text("Key", "Kunci"),
    "ledger.row.records": Text("Records", "Catatan"),
    "ledger.row.stubs": Text("Of them purged", "Di antaranya dibersihkan"),
    "ledger.row.sealed": Text("Sealed by any checkpoint", "Tersegel oleh checkpoint mana pun"),
    "ledger.row.outside": Text("Sealed by outside checkpoints", "Tersegel oleh checkpoint saksi luar"),
    "ledger.row.unsealed": Text("After the last checkpoint", "Setelah checkpoint terakhir"),
    "ledger.row.checkpoints": Text("Checkpoints that hold", "Checkpoint yang cocok"),
    "ledger.row.checkpoints.value": Text("{own} own, {outside} from outside", "{own} sendiri, {outside} dari luar"),
    "ledger.prove.help": Text(
        "Write a proof that record SEQ stands in the ledger: one file for others, who see nothing else of it.\n\n"
        "Exit status: 0 written, 1 there is no such proof.",
        "Tulis bukti bahwa catatan SEQ ada di buku besar: satu berkas untuk pihak lain, yang tidak perlu melihat isi "
        "lainnya.\n\nStatus keluar: 0 tertulis, 1 tidak ada bukti semacam itu.",
    ),
    "ledger.prove.examples": Text(
        "\b\nExamples:\n"
        "  netmon ledger prove 4711 > 4711.tlog-proof\n"
        "  netmon ledger check-proof 4711.tlog-proof --key …",
        "\b\nContoh:\n"
        "  netmon ledger prove 4711 > 4711.tlog-proof\n"
        "  netmon ledger check-proof 4711.tlog-proof --key …",
    ),
    "ledger.prove.checkpoint": Text(
        "The checkpoint to prove it by; without it, the ledger's latest.",
        "Checkpoint sebagai dasar bukti; tanpa ini, yang terakhir.",
    ),
    "ledger.check.help": Text(
        "Check a proof, and show the record.\n\nExit status: 0 it proves its record, 1 it does not, 2 no key.",
        "Periksa bukti, dan tampilkan catatannya.\n\n"
        "Status keluar: 0 membuktikan catatannya, 1 tidak, 2 tidak ada kunci.",
    ),
    "ledger.check.key": Text(
        "The ledger's public key, or a file with it (repeat for more).",
        "Kunci publik buku besar, atau berkas yang berisi kunci itu (ulangi untuk lebih dari satu).",
    ),
    "ledger.check.good": Text(
        "Record {seq} stands in the ledger {origin}, among its first {size} records.",
        "Catatan {seq} ada di buku besar {origin}, di antara {size} catatan pertamanya.",
    ),
    "ledger.latest.help": Text("Show the latest checkpoint.", "Tampilkan checkpoint terakhir."),
    "ledger.latest.none": Text("{place} holds no checkpoint yet.", "{place} belum berisi checkpoint."),
    "ledger.showkey.help": Text(
        "Show the ledger's public key. Hand it to auditors when netmon is set up, not when they come to look.",
        "Tampilkan kunci publik buku besar. Serahkan kepada auditor saat netmon dipasang, bukan saat mereka datang "
        "memeriksa.",
    ),
    "ledger.showkey.none": Text("{place} holds no key yet.", "{place} belum berisi kunci."),
    "ledger.verifier.help": Text(
        "Write out a verifier that needs no netmon: Python and its package cryptography alone.",
        "Tulis pemeriksa yang tidak memerlukan netmon: cukup Python dan paket cryptography.",
    ),
    "ledger.verifier.examples": Text(
        "\b\nExamples:\n  netmon ledger verifier > verify_ledger.py\n"
        "  python3 verify_ledger.py /mnt/copy/ledger --key … --checkpoint kept.jsonl",
        "\b\nContoh:\n  netmon ledger verifier > verify_ledger.py\n"
        "  python3 verify_ledger.py /mnt/salinan/ledger --key … --checkpoint simpanan.jsonl",
    ),
    "ledger.fault.changed": Text(
        "record {seq} was changed: its line is not the one that was sealed",
        "catatan {seq} diubah: barisnya bukan yang disegel",
    ),
    "ledger.fault.moved": Text(
        "record {found} stands where record {seq} should: one of them was removed, inserted or moved",
        "catatan {found} berada di tempat catatan {seq}: salah satunya dihapus, disisipkan, atau dipindahkan",
    ),
    "ledger.fault.missing": Text(
        "record {seq} is missing, and what came after it: a checkpoint seals {size} records",
        "catatan {seq} dan sesudahnya hilang: sebuah checkpoint menyegel {size} catatan",
    ),
    "ledger.fault.gap": Text(
        "record {seq} is missing: what stands next is the segment that begins with record {next}",
        "catatan {seq} hilang: berikutnya adalah segmen yang dimulai dengan catatan {next}",
    ),
    "ledger.fault.extra": Text(
        "lines stand before record {seq} that do not belong there: the segment before it is too long",
        "ada baris sebelum catatan {seq} yang bukan tempatnya: segmen sebelumnya terlalu panjang",
    ),
    "ledger.fault.range": Text(
        "one of the records {seq} to {last} was changed: the first {size} are not those that were sealed",
        "salah satu catatan {seq} sampai {last} diubah: {size} catatan pertama bukan yang disegel",
    ),
    "ledger.fault.rewritten": Text(
        "one of the records {seq} to {last} was changed, and the ledger signed again: its first {size} records are not "
        "those whose checkpoint was handed out",
        "salah satu catatan {seq} sampai {last} diubah, lalu buku besar ditandatangani ulang: {size} catatan "
        "pertamanya bukan yang checkpoint-nya telah diserahkan",
    ),
    "ledger.fault.form": Text(
        "what stands in the place of record {seq} is not that record",
        "yang berada di tempat catatan {seq} bukan catatan itu",
    ),
    "ledger.fault.header": Text(
        "the first line of the segment that begins with record {seq} is not as it was written",
        "baris pertama segmen yang dimulai dengan catatan {seq} tidak seperti saat ditulis",
    ),
    "ledger.fault.unsealed": Text(
        "record {seq} is not as it was written, as its hash shows; no checkpoint seals it yet",
        "catatan {seq} tidak seperti saat ditulis, menurut hash-nya; belum ada checkpoint yang menyegelnya",
    ),
    "ledger.fault.unsealed_range": Text(
        "one of the records {seq} to {last} is not as it was written, as the file `committed` shows; no checkpoint "
        "seals it yet",
        "salah satu catatan {seq} sampai {last} tidak seperti saat ditulis, menurut berkas `committed`; belum ada "
        "checkpoint yang menyegelnya",
    ),
    "ledger.fault.cut_off": Text(
        "record {seq} is missing, and what came after it: {size} records were written; no checkpoint seals those yet",
        "catatan {seq} dan sesudahnya hilang: {size} catatan telah ditulis; belum ada checkpoint yang menyegelnya",
    ),
    "ledger.fault.no_act": Text(
        "record {seq} was taken out, and record {by}, which should say so, does not",
        "catatan {seq} dikeluarkan, padahal catatan {by} yang semestinya menyebutkannya tidak berkata demikian",
    ),
    "ledger.fault.act": Text(
        "record {seq} and others, {count} in all, were taken out; record {by} announced others than these",
        "catatan {seq} dan lainnya, seluruhnya {count}, dikeluarkan; catatan {by} mengumumkan yang lain",
    ),
    "ledger.fault.early": Text(
        "record {seq} and others, {count} in all, were taken out before their time: what stands around them was "
        "written too late for what record {by} says",
        "catatan {seq} dan lainnya, seluruhnya {count}, dikeluarkan sebelum waktunya: catatan di sekitarnya ditulis "
        "terlalu akhir untuk yang dikatakan catatan {by}",
    ),
    "ledger.fault.note": Text("what stands there is not a checkpoint", "yang ada di sana bukan checkpoint"),
    "ledger.fault.signature": Text(
        "this checkpoint does not carry a valid signature of the ledger's key",
        "checkpoint ini tidak memuat tanda tangan sah dari kunci buku besar",
    ),
    "ledger.fault.other_ledger": Text(
        "this checkpoint is of another ledger, {origin}", "checkpoint ini milik buku besar lain, {origin}"
    ),
    "ledger.fault.checkpoints_gone": Text(
        "checkpoints before this one were removed, or it is out of its order",
        "checkpoint sebelum yang ini dihapus, atau urutannya salah",
    ),
    "ledger.fault.latest_gone": Text(
        "checkpoints at the end were removed: the latest, of {size} records, is not among them",
        "checkpoint di bagian akhir dihapus: yang terakhir, atas {size} catatan, tidak ada di antaranya",
    ),
    "ledger.remark.torn": Text(
        "The last line is not whole: it is being written, or a crash cut it off before it was acknowledged.",
        "Baris terakhir tidak utuh: sedang ditulis, atau terpotong sebelum diakui karena daemon mati mendadak.",
    ),
    "ledger.remark.side_file": Text(
        "A side file of hashes is damaged; the records beside it are as they were sealed.",
        "Berkas hash pendamping rusak; catatan di sampingnya tetap seperti saat disegel.",
    ),
    "ledger.remark.no_side_file": Text(
        "Side files of hashes are absent; without them a changed record cannot be named exactly.",
        "Berkas hash pendamping tidak ada; tanpanya catatan yang diubah tidak dapat disebut dengan tepat.",
    ),
    "ledger.remark.no_checkpoint": Text(
        "There is no checkpoint: nothing proves that the records are as they were written.",
        "Tidak ada checkpoint: tidak ada bukti bahwa catatan seperti saat ditulis.",
    ),
    "ledger.remark.own_key": Text(
        "The key was taken from the ledger itself; give the one that you were handed to be sure.",
        "Kunci diambil dari buku besar itu sendiri; berikan kunci yang diserahkan kepada Anda agar pasti.",
    ),
    "ledger.remark.no_witness": Text(
        "All checkpoints are the ledger's own: whoever has its private key could have changed the records and signed "
        "again. Give checkpoints that a witness kept.",
        "Semua checkpoint milik buku besar sendiri: pemegang kunci privatnya dapat mengubah catatan lalu "
        "menandatangani ulang. Berikan checkpoint yang disimpan saksi.",
    ),
    "ledger.remark.unsealed": Text(
        "The records after the last checkpoint are not sealed yet: only their form was checked.",
        "Catatan setelah checkpoint terakhir belum disegel: hanya bentuknya yang diperiksa.",
    ),
    "ledger.remark.torn_checkpoint": Text(
        "The last line of checkpoints.jsonl is not whole: a crash cut it off.",
        "Baris terakhir checkpoints.jsonl tidak utuh: terpotong karena daemon mati mendadak.",
    ),
}
