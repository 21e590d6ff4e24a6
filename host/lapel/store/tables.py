"""What is kept, as tables; `migrations` brings an older database to this."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at_unix_s", sa.Float, nullable=False, index=True),
    sa.Column("pin", sa.String(32), nullable=False),
    sa.Column("utt", sa.Integer, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("failure", sa.Text, nullable=False),
    sa.Column("frames", sa.JSON, nullable=False),
    sa.Column("timings_ms", sa.JSON, nullable=False),
)

# What skills keep: one JSON value a name.
skill_values = sa.Table(
    "skill_values",
    metadata,
    sa.Column("skill", sa.String(32), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)

# What the wearer asked to remember: not a part of the conversations, and kept until it is forgotten.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at_unix_s", sa.Float, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
