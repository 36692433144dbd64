from .channel import Channel, ChannelTarget
from .delivery import Delivery
from .reading import Reader, SeenEvent, Told
from .rule import AlertRule, Digest

__all__ = ["AlertRule", "Channel", "ChannelTarget", "Delivery", "Digest", "Reader", "SeenEvent", "Told"]
