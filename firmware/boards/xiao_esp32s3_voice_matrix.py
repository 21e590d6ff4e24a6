"""The cheap build with its optional speaker: spoken answers are sent only to a board that says so."""

from boards.xiao_esp32s3_matrix import *  # noqa: F403

NAME = "xiao_esp32s3_voice_matrix"
SPEAKER = "SCAN"  # a MAX98357A on the lines that mirrors would have
