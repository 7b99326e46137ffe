"""The words of the outbox: what a message is about, how it travels, where it stands, why."""

from __future__ import annotations

from django.db import models


class Kind(models.TextChoices):
    """What a message is about."""

    EXERCISES = "exercises", "Daily programme"
    NUDGE = "nudge", "Nothing logged yet"
    MOVEMENT = "movement", "Movement break"
    FLUIDS = "fluids", "Something to drink"
    APPOINTMENT = "appointment", "Visit ahead"
    REASSESSMENT = "reassessment", "Questions are due"
    PLAN_CHANGED = "plan_changed", "Programme changed"
    QUESTION = "question", "A question or an answer waits"
    WAIT_LIST = "wait_list", "A visit has become free"


class Channel(models.TextChoices):
    """How a message travels. ``portal``: a notice that waits for the next look at the portal."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"
    PUSH = "push", "Notification"
    PORTAL = "portal", "In the portal"


class State(models.TextChoices):
    """Where a message stands. ``reminders.outbox`` holds the moves."""

    PLANNED = "planned", "Planned"
    CLAIMED = "claimed", "Picked up"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    UNKNOWN = "unknown", "Doubtful"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Held back"
    EXPIRED = "expired", "Too late"
    CANCELLED = "cancelled", "Cancelled"


class Reason(models.TextChoices):
    """Why a message did not simply go out."""

    NONE = "", ""
    LOGGED = "logged", "Already done today"
    NOTHING_DUE = "nothing_due", "Nothing to do today"
    ON_HOLD = "on_hold", "The exercises are on hold"
    NO_CONSENT = "no_consent", "No consent to messages"
    OPTED_OUT = "opted_out", "Switched off by the patient"
    CAP = "cap", "Enough messages for one day"
    INACTIVE = "inactive", "Record closed"
    NO_ADDRESS = "no_address", "No address for this channel"
    PAUSED = "paused", "Messages paused by the patient"
    NOT_ADVISED = "not_advised", "Not advised for this patient"
    DISCHARGED = "discharged", "The treatment has ended"
    ANSWERED = "answered", "Already answered"
    SEEN = "seen", "Already seen"
    REPLACED = "replaced", "Overtaken by a newer one"
    TIMES_CHANGED = "times_changed", "Reminder time changed"
    VISIT_CANCELLED = "visit_cancelled", "Visit cancelled"
    VISIT_MOVED = "visit_moved", "Visit moved"
    TOO_LATE = "too_late", "Its time has passed"
    RETRY = "retry", "Will be tried again"
    QUIET = "quiet", "Waits for the end of quiet hours"
    REFUSED = "refused", "The provider refused it"
    BOUNCED = "bounced", "Came back undelivered"
    GONE = "gone", "The address is no longer in use"
    NOT_SET_UP = "not_set_up", "This channel is not set up"
    GAVE_UP = "gave_up", "Tried several times"
    LEASE_LOST = "lease_lost", "The sender stopped half-way"
    NO_ANSWER = "no_answer", "The provider gave no clear answer"
    BROKEN = "broken", "Could not be written"
    BAD_ZONE = "bad_zone", "Unknown time zone in the record"
    BY_HAND = "by_hand", "Settled by a member of staff"
