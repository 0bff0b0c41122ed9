"""The lab as its readers see it: what all get who choose nothing, and the topics that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from assets.mail.profile import plain
from assets.mail.words import ENGLISH


class UnknownTopic(Exception):
    """The lab has no such topic; the text says how to see those that it has."""


@dataclass(frozen=True)
class Topic:
    """A topic that can be chosen; `area` is the label of the group that it belongs to."""

    key: str
    label: str
    area: str

    @property
    def wishes(self) -> frozenset[str]:
        """How it may be wished."""
        return frozenset({plain(self.key), plain(self.label)})


@dataclass(frozen=True)
class Lab:
    """What the operator says where a reader says nothing, and the topics that there are."""

    topics: Sequence[Topic]
    size: int
    time_zone: str
    language: str = ENGLISH.language

    def topic(self, name: str) -> Topic | None:
        """The topic with this key or label, if there is one."""
        return self._by_wish.get(plain(name))

    def key(self, name: str) -> str:
        """The key of a topic. Raises `UnknownTopic`."""
        if topic := self.topic(name):
            return topic.key
        raise UnknownTopic(f"{name!r} is no topic of the taxonomy; paperboy taxonomy list shows all")

    def label(self, name: str) -> str:
        """A topic as readers know it; one that there is no more stays as it is."""
        topic = self.topic(name)
        return topic.label if topic else name

    @cached_property
    def _by_wish(self) -> Mapping[str, Topic]:
        return {wish: topic for topic in reversed(self.topics) for wish in topic.wishes}
