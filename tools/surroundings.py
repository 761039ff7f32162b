"""Make do with odd surroundings: a locale without UTF-8, a home folder that nobody can write to.

Standard library only, and readable by Python 3.6: see bootstrap.py.
"""

import locale
import os
import sys
import tempfile

from pythons import WINDOWS, Stop, say


def speak_utf8():
    """Start this script anew with a UTF-8 locale where file names are taken for anything else.

    With LC_ALL=C or in a Latin-1 locale, Python's own venv, uv and the .pth file of an editable
    install end in a UnicodeError over a folder named "Übung". On Windows and macOS file names are
    UTF-8 in any case. Not all that is started here heeds PYTHONUTF8 (``python -I`` does not), so
    the locale itself is changed, to one of those that Python's PEP 538 names.
    """
    if WINDOWS or sys.getfilesystemencoding().lower() == "utf-8":
        return
    for name in ("C.UTF-8", "C.utf8", "UTF-8"):
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        os.environ.pop("LC_ALL", None)  # it would outdo LC_CTYPE
        os.environ["LC_CTYPE"] = name
        os.execv(sys.executable, [sys.executable, *sys.argv])


def speak_plainly():
    r"""Write letters that the terminal has none for in ASCII, as \xfc, and stop for nothing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Python 3.7
            stream.reconfigure(errors="backslashreplace")


def keras_on_tensorflow(env):
    """Have Keras start on TensorFlow in all that is run here, whatever the user's own choice is.

    Of a keras.json nothing is said: KERAS_BACKEND outdoes it.
    """
    chosen = env.get("KERAS_BACKEND") or "tensorflow"
    if chosen != "tensorflow":
        say(f"KERAS_BACKEND is {chosen}; in what is started here it is tensorflow.")
    return {**env, "KERAS_BACKEND": "tensorflow"}


def can_write(folder):
    """Try to make a file in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def settle_home():
    """Lend a home folder where there is none to write to: Jupyter does not start without."""
    variable = "USERPROFILE" if WINDOWS else "HOME"
    home = os.path.expanduser("~")
    if os.path.isabs(home) and can_write(home):
        return
    try:
        lent = tempfile.mkdtemp(prefix="kerasdemo-home-")
    except OSError as error:
        raise Stop(
            f"Neither your home folder ({home}) nor one for passing files can be written to "
            f"({error}). Set {variable} to a folder of yours, then type the same command again."
        ) from error
    what = f"({home}) cannot be written to" if os.path.isabs(home) else "is not known"
    say(f"Your home folder {what}. In its place, for this time:")
    say(f"  {lent}")
    say(f"Jupyter's settings are lost with it; to keep them, set {variable} to a folder of yours.")
    os.environ[variable] = lent
