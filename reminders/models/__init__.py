"""What a patient wants to be told, and the outbox: due work is a row, not a message in a broker."""

from reminders.models.choices import Channel, Kind, Reason, State
from reminders.models.outbox import OutboxMessage, ReminderSwitch
from reminders.models.preferences import ContactRules, Preference, PushSubscription, Timetable
from reminders.models.upkeep import PushKey, ReminderAlarm

__all__ = [
    "Channel",
    "ContactRules",
    "Kind",
    "OutboxMessage",
    "Preference",
    "PushKey",
    "PushSubscription",
    "Reason",
    "ReminderAlarm",
    "ReminderSwitch",
    "State",
    "Timetable",
]
