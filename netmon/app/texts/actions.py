"""What `netmon check` says of actions against attacks: what is wrong, and what would be right."""

from collections.abc import Mapping
from typing import Final

from netmon.app.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "actions.no_program": Text("there is no program {program}", "tidak ada program {program}"),
    "actions.no_program.remedy": Text(
        "give its whole path, or a name that is in {searched}",
        "tulis jalur lengkapnya, atau nama yang ada di {searched}",
    ),
    "actions.not_whole": Text(
        "{program} depends on where netmon is started", "{program} bergantung pada tempat netmon dijalankan"
    ),
    "actions.not_whole.remedy": Text("give its whole path", "tulis jalur lengkapnya"),
    "actions.no_file": Text("{program} is no file that can be run", "{program} bukan berkas yang dapat dijalankan"),
    "actions.no_file.remedy": Text("give the path of a program", "tulis jalur sebuah program"),
    "actions.not_executable": Text("{program} is not executable", "{program} tidak dapat dieksekusi"),
    "actions.not_executable.remedy": Text("chmod +x {program}", "chmod +x {program}"),
    "actions.not_for_us": Text(
        "{program} cannot be run by the user who checks",
        "{program} tidak dapat dijalankan oleh pengguna yang memeriksa",
    ),
    "actions.not_for_us.remedy": Text(
        "see to it that the user whom netmon runs as can", "pastikan pengguna yang menjalankan netmon dapat"
    ),
    "actions.no_interpreter": Text(
        "{program} does not say what runs it, and no shell looks at it",
        "{program} tidak menyebut apa yang menjalankannya, dan tidak ada shell yang membacanya",
    ),
    "actions.no_interpreter.remedy": Text(
        "begin it with a line such as #!/bin/sh", "awali dengan baris seperti #!/bin/sh"
    ),
    "actions.wrong_interpreter": Text(
        "{program} is to be run by {interpreter}, which is not there",
        "{program} harus dijalankan oleh {interpreter}, yang tidak ada",
    ),
    "actions.wrong_interpreter.remedy": Text(
        "correct its first line; it ends without a carriage return",
        "perbaiki baris pertamanya, yang berakhir tanpa carriage return",
    ),
    "actions.folder": Text("{file} is a directory", "{file} adalah direktori"),
    "actions.folder.remedy": Text(
        "give the path of a file, in a directory that netmon can write to",
        "tulis jalur sebuah berkas, di direktori yang dapat ditulis oleh netmon",
    ),
    "actions.in_file": Text("{folder} is not a directory", "{folder} bukan direktori"),
    "actions.in_file.remedy": Text("give the path of a file in a directory", "tulis jalur sebuah berkas di direktori"),
    "actions.no_folder": Text("there is no directory {folder}", "tidak ada direktori {folder}"),
    "actions.no_folder.remedy": Text(
        "make it before the start, or have systemd do so (below /run: RuntimeDirectory=)",
        "buatlah sebelum netmon dijalankan, atau serahkan kepada systemd (di bawah /run: RuntimeDirectory=)",
    ),
    "actions.not_writable": Text(
        "{folder} cannot be written to by the user who checks",
        "{folder} tidak dapat ditulis oleh pengguna yang memeriksa",
    ),
    "actions.not_writable.remedy": Text(
        "see to it that the user whom netmon runs as can: the file is replaced there",
        "pastikan pengguna yang menjalankan netmon dapat: berkasnya diganti di sana",
    ),
    "actions.nobody": Text(
        "nobody may be cut off: nothing is in allow, and no prefix of the inventory is protected",
        "tidak ada yang boleh diputus: allow kosong, dan tidak ada prefiks inventaris yang protected",
    ),
    "actions.nobody.remedy": Text(
        "name in allow who may be, or set protected: true for prefixes",
        "sebutkan di allow siapa yang boleh, atau tulis protected: true pada prefiks",
    ),
    "actions.forbidden": Text(
        "no victim of IPv{version} may be cut off: {prefix} in never holds all that are allowed",
        "tidak ada korban IPv{version} yang boleh diputus: {prefix} pada never mencakup semua yang diizinkan",
    ),
    "actions.forbidden.remedy": Text(
        "name in never only who is not to be cut off", "sebutkan di never hanya siapa yang tidak boleh diputus"
    ),
    "actions.unseen": Text(
        "nothing looks for {rule}: {off} is switched off", "tidak ada yang mencari {rule}: {off} dimatikan"
    ),
    "actions.unseen.remedy": Text("switch it on, or leave the rule out", "nyalakan, atau hilangkan aturan ini"),
}
