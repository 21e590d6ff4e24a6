"""A slot's files as the importer wants them: what lies deflated in the flash (`.z`) is inflated when opened.

A file `pin/app.mpy.z` is a raw deflate stream (RFC 1951) that goes on from `PRESET`: names that many
modules hold, as they stand in a compiled file. This is never updated over the air, and a slot of any version
must be readable, so `WORDS` stays as it is for ever.
"""

import io
import os

AT = "/app"  # where the running slot's files are
END = ".z"
WINDOW_BITS = 12  # 4 kB of memory while a file is open
PACKED = (".mpy", ".bin", ".txt")
WORDS = (
    "public points pinned pin_ms on_lit offset notice normal lowest length glyphs detail answer age_ms "
    "_write _watch _taken _start _model _drawn _begin URGENT SOFTER LOUDER want wake same ring mode mask "
    "json hold file feed busy _i2s LEFT utt updater unix_at tls tap speaker slope_y slope_x showing "
    "settled scanner say ringing release receive reached pending payload page_ms low lit highest ends_ms "
    "damping confirm columns closing arrived add act _raised _number _haptic unlocked trial too_long t "
    "speaking slope rounding residual previous press password next_key loads label is_up identity "
    "has_code flat_mm2 fault errno _tracker _tell _pressed _percent _path _look _link _last SELECTED "
    "RIGHT MOVED KINDS utterance tilt_cdeg receiving pose port pack on_binary menu margin_ms listening "
    "keep_text irq interrupt fist_odds down delivered connected big atan_cdeg NO_ANSWER IDLE ETIMEDOUT "
    "urgent timing struct silent rename levels choose choice change asking alarms _frame _count _check "
    "WEARER Mirror BUTTON timeout_ms millivolts memory_low i bad_length _power_off version user_action "
    "tracker sleep scrolls rev request refused pattern parts lock_screen left_ms hex gesture edges debug "
    "create_task crash clock begin battery_low address _wifi _wanted _finish RESTING ERROR view time tell "
    "play page move host home font done thinking sentence register question os networks gestures charging "
    "_measure status select reason linked field_percent double chosen cancel buffer border asleep title "
    "power_off more lock level keep hand guard drop dark countdown _take _settings _clock_ms OTHER "
    "urandom offline now dropped connect battery_percent connecting volume size show sha256 reader mirror "
    "frames failed button _app DOWN takes readfrom_mem_into lines leave focus failures enter certificate "
    "binascii area_mm2 UP wifi strokes samples rest projector present display dismissed asyncio app "
    "haptic digest check SettingsError lapel_wire save info data code clock_ms reset preferences percent "
    "hashlib number closed link pages board load card unix_ms decode choices ticks_add frame event "
    "distance_mm settings path name kind memoryview forget WireError sleep_ms running machine brightness "
    "array text log state message max property poll error encode min now_ms pin after warning ticks_ms "
    "passed Deadline ticks_diff"
)

# MicroPython, py/persistentcode.c: a name in a compiled file is twice its length, its text, and a zero.
PRESET = b"".join([bytes((2 * len(word),)) + word.encode() + b"\0" for word in WORDS.split()])
# The same as a block that is stored as it is (RFC 1951, section 3.2.4), for a decoder that takes no preset.
_BLOCK = b"\0" + len(PRESET).to_bytes(2, "little") + (len(PRESET) ^ 0xFFFF).to_bytes(2, "little") + PRESET


class Slot:
    """A folder as a read-only file system, for `vfs.mount`. What is not deflated is there as it is."""

    def __init__(self, folder):
        self._folder = folder

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def stat(self, path):
        path = self._folder + path
        if path.endswith(PACKED):
            try:
                return os.stat(path + END)
            except OSError:
                pass
        return os.stat(path)

    def open(self, path, mode):
        path = self._folder + path
        try:
            with open(path + END, "rb") as file:
                packed = io.BytesIO(_BLOCK + file.read())
        except OSError:
            return open(path, mode)
        import deflate

        stream = deflate.DeflateIO(packed, deflate.RAW, WINDOW_BITS)
        stream.read(len(PRESET))
        return stream


def enter(folder):
    """Mount a slot in place of the one before; what to put on the path."""
    import vfs

    leave()
    vfs.mount(Slot(folder), AT)
    return AT


def leave():
    import vfs

    try:
        vfs.umount(AT)
    except OSError:  # there was none
        pass
