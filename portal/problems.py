"""Domain refusals in the patient's language, shown at the form field they name and never losing what was typed."""

from __future__ import annotations

import re

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.errors import DomainError, ManyProblems

FIGURE = re.compile(r"\d+(?::\d\d|[.,]\d+)?")
NAMES = ("first", "second", "third")

# What a refusal says to a patient, by its code. ``{first}`` and ``{second}`` are the figures of the message in their
# order; of several texts the first one counts whose figures are there. Every code that the portal can meet is here
# (tests/french/test_problems.py), so that nobody reads half a page in another language.
WORDS: dict[str, tuple[str | Promise, ...]] = {
    "act_reused": (_("This entry could not be told from another one. Please enter it again."),),
    "answers": (_("Some answers are missing or not possible."),),
    "barrier": (_("Choose one of the reasons."),),
    "barrier_closed": (_("This question is no longer open."),),
    "bout": (_("Choose a session from {first} to {second} of the day."),),
    "cancel_by_phone": (_("It is too late to cancel here. Please call the clinic."),),
    "changed": (_("The clinic has changed this visit meanwhile. Please look at it again."),),
    "channel": (_("Messages cannot be sent that way."),),
    "checking": (_("Your physiotherapist is checking something new in your record. Please wait."),),
    "clock": (_("The clock of this device is ahead. Please set it right and send this again."),),
    "client_id_reused": (_("This log was already sent for another exercise or day."),),
    "comment": (_("Please use at most {first} letters."),),
    "crossed": (_("This does not fit your other answers. Please look at them again."),),
    "daily_cap": (_("Choose {first} to {second} messages a day."),),
    "diary_choice": (_("Choose one of the answers."),),
    "diary_closed": (_("Only entries of the last {first} days can be changed."),),
    "diary_future": (_("That time has not come yet."),),
    "diary_kind": (_("Choose what it was."),),
    "diary_not_quiet": (_("Your diary has a spasm or cramp in the last seven days."),),
    "diary_region": (_("Choose where it was."),),
    "diary_side": (_("Choose the side."),),
    "diary_strength": (_("Strength is a number from 0 to 10."),),
    "diary_text": (_("Please leave out what cannot be read."),),
    "email_taken": (_("This e-mail address already belongs to another log-in."),),
    "far": (_("Choose a first day within a year."),),
    "fluids_barred": (_("Please ask your medical team how much to drink; we cannot remind you."),),
    "order": (_("The last day lies before the first."),),
    "over": (_("That pause is over already."),),
    "sms_country": (_("Write the number with + and the country code, such as +44 7700 900123."),),
    "sms_landline": (_("Text messages need a mobile number; this one is none."),),
    "sms_length": (_("This is not a telephone number: it is too short or too long."),),
    "sms_letters": (_("This is not a telephone number. Use digits, with a leading + for numbers of other countries."),),
    "sms_missing": (_("Text messages need a mobile number. Please give one."),),
    "too_close": (_("Leave at least an hour between two prompts."),),
    "episode_closed": (_("Your treatment has ended. These questions are no longer open."),),
    "email": (_("Write an e-mail address that is not used otherwise."),),
    "expires_late": (_("Choose an earlier day."),),
    "expires_past": (_("Choose a day that is to come."),),
    "future_day": (_("That day has not come yet."),),
    "habit": (_("Choose from the list."),),
    "habit_day": (_("Only the last seven days can be ticked."),),
    "habit_not_chosen": (_("This habit is not on your list."),),
    "habits_many": (_("Choose at most {first}."),),
    "topic_answer": (_("Choose one of the answers."),),
    "guardian_missing": (_("Please ask the clinic to change this."),),
    "instrument_replaced": (_("A newer version of these questions is in force."),),
    "invalid": (_("Please check the marked answers."),),
    "kind": (_("There is no such kind of message."),),
    "answered": (_("This was answered already."),),
    "key_reused": (_("Please load the page again, then send it once more."),),
    "looked": (_("Somebody has looked at this already."),),
    "missing": (_("Please answer this question."),),
    "no_activities": (_("There is nothing to ask about yet."),),
    "name": (_("Write the name."),),
    "not_of_age": (_("Please ask the clinic to change this."),),
    "not_there": (_("Choose from the list."),),
    "nothing_said": (_("Tick what fits you, or say it in your own words."),),
    "not_a_number": (_("Choose a number from {first} to {second}."),),
    "not_for_filler": (_("These questions are for somebody else to answer."),),
    "not_in_force": (_("This exercise was not part of your plan on that day."),),
    "not_whole": (_("Choose a whole number from {first} to {second}."),),
    "not_yours": (_("Only the patient logs this exercise."),),
    "out_of_range": (_("Choose a number from {first} to {second}."), _("Choose one of the answers.")),
    "outcome_answered": (_("These questions were answered already."),),
    "outcome_closed": (_("These questions are no longer open."),),
    "own_address": (_("This is your own address."),),
    "pain": (_("Pain is a number from 0 to 10."),),
    "paused": (_("This exercise is on hold. Please wait for your physiotherapist."),),
    "pause_ended": (_("This pause is over already."),),
    "pause_far": (_("Enter it at most {first} days ahead."),),
    "pause_long": (_("A pause lasts at most {first} days."),),
    "pause_not_yours": (_("Only you or your physiotherapist enter a pause."),),
    "pause_note": (_("Please use at most {first} letters."),),
    "pause_old": (_("A pause begins at most {first} days back."),),
    "pause_order": (_("The last day is before the first."),),
    "pause_over": (_("Choose a last day that is not over yet."),),
    "pause_share": (_("That is a long break. Please speak to your physiotherapist."),),
    "pause_twice": (_("There is a pause on some of these days already."),),
    "push_endpoint": (_("This browser cannot be notified."),),
    "push_keys": (_("This browser cannot be notified."),),
    "push_service": (_("This browser cannot be notified."),),
    "question_missing": (_("Write your question."),),
    "proxy_there": (_("This person has access already. End it first to change it."),),
    "relation": (_("Choose from the list."),),
    "scopes": (_("Choose at least one part."),),
    "quiet": (_("{first} lies in your quiet hours. Choose a time outside."),),
    "reason": (_("Choose one of the reasons."),),
    "reason_missing": (_("Please tell us why, so that we can help."),),
    "state": (_("Choose done, part of it or not today."),),
    "stopped": (_("This exercise is no longer part of your plan."),),
    "too_many": (_("Choose at most {first} times a day."),),
    "too_many_proxies": (_("Ten people have access already. End one first."),),
    "too_many_questions": (_("Several of your questions wait already. Please call us if it is urgent."),),
    "too_many_reports": (_("We have what you told us already. Follow the advice on this page."),),
    "too_old": (_("Only the last {first} days can be filled in."),),
    "topic": (_("Choose what it is about."),),
    "unknown": (_("There is no such question."),),
    "visit_over": (_("This visit has begun or is over."),),
    "words_long": (_("Please use at most {first} letters."),),
    "weekday": (_("A week has seven days."),),
}


def words(problem: DomainError) -> str:
    """The refusal in the language of the page; its own, most exact message in English, or for a code not known here."""
    if (get_language() or "en").startswith("en"):
        return problem.message
    figures = dict(zip(NAMES, FIGURE.findall(problem.message), strict=False))
    for text in WORDS.get(problem.code, ()):
        try:
            return str(text).format(**figures)
        except KeyError:
            continue
    return problem.message


def attach(form: forms.BaseForm, error: DomainError) -> None:
    """Add each problem to its field, or to the form when the field is not on the page."""
    for problem in error.problems if isinstance(error, ManyProblems) else (error,):
        visible = problem.field in form.fields and not form.fields[problem.field].widget.is_hidden
        form.add_error(problem.field if visible else None, words(problem))
