"""Two questions in one ring: the one that waits for its answer, and what a press records meanwhile."""

from array import array

from lapel_wire import audio
from pin.utterance import SPARE_FRAMES, STORE_FRAMES, Utterance, new_store

ON_MICROPYTHON = True


def speak(utterance, frames, loudness):
    pcm = array("H", bytes(2 * audio.SAMPLES_PER_FRAME))
    for i in range(frames):
        for k in range(0, len(pcm), 64):
            pcm[k] = (loudness * (i + 1) + k) & 0x7FFF
        utterance.add(pcm)


def content(utterance):
    frame = bytearray(audio.FRAME_BYTES)
    found = []
    for seq in range(utterance.frames):
        utterance.copy(seq, frame)
        found.append(bytes(frame))
    return found


def alone(number, frames, loudness):
    utterance = Utterance()
    utterance.begin(number)
    speak(utterance, frames, loudness)
    return content(utterance)


def test_a_press_beside_the_longest_question_leaves_it_whole():
    store = new_store()
    assert len(store) == STORE_FRAMES * audio.FRAME_BYTES
    asked, recording = Utterance(store), Utterance(store)
    asked.begin(1)
    speak(asked, audio.MAX_UTTERANCE_FRAMES, 3)
    assert asked.full
    before = content(asked)
    for number in (2, 3):  # a double tap
        recording.begin(number, asked)
        speak(recording, SPARE_FRAMES, 100 + number)
        assert recording.full and content(asked) == before
    assert content(recording) == alone(3, SPARE_FRAMES, 103)


def test_a_hold_becomes_the_question_where_it_lies():
    store = new_store()
    asked, recording = Utterance(store), Utterance(store)
    for number in range(1, 5):  # round the ring
        recording.begin(number, asked)
        speak(recording, 13, number)
        recording.alone()
        asked, recording = recording, asked
        speak(asked, 387, number + 1000)
        assert not asked.full and asked.number == number
        found = content(asked)
        again = Utterance()
        again.begin(number)
        speak(again, 13, number)
        speak(again, 387, number + 1000)
        assert found == content(again)


def test_a_question_that_is_alone_has_thirty_seconds():
    store = new_store()
    asked, recording = Utterance(store), Utterance(store)
    speak(asked, 900, 3)
    recording.begin(2, asked)
    speak(recording, 12, 5)
    recording.alone()
    speak(recording, audio.MAX_UTTERANCE_FRAMES - 13, 5)
    assert not recording.full
    speak(recording, 1, 5)
    assert recording.full
