'use strict';

/** @import { Notice } from './shapes' */

/**
 * Minutes. "Less than 10 minutes left" is said until less than 5 are left: true at any
 * moment, and changing seldom.
 *
 * No time of day: this runs in the session, whose clock need not be the person's.
 */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120];
/** Seconds that a notice is still shown after what it warns of came about. */
const AFTERLIFE = 60;

/**
 * What a notification says. `now` is in seconds since the Unix epoch.
 *
 * @param {Notice} notice
 * @param {number} now
 */
function message(notice, now) {
  const choice = notice.choices.find(each => each.id === notice.answer);
  const chosen = choice ? `You chose: ${choice.label}.` : '';
  return [notice.text, timeLeft(notice, now), chosen].filter(Boolean).join(' ');
}

/**
 * The answers that a notice still waits for.
 *
 * @param {Notice} notice
 */
function openChoices(notice) {
  return notice.answer === null ? notice.choices : [];
}

/**
 * @param {Notice} notice
 * @param {number} now seconds since the Unix epoch
 */
function timeLeft(notice, now) {
  if (notice.ends_at === null) {
    return '';
  }
  const seconds = notice.ends_at - now;
  if (seconds <= 0) {
    return 'The time is up.';
  }
  const minutes = STEPS.find(step => seconds < step * 60);
  if (minutes === undefined) {
    return `${Math.floor(seconds / 3600)} hours left.`;
  }
  return minutes === 1
    ? 'Less than a minute left.'
    : `Less than ${minutes} minutes left.`;
}

/**
 * @param {Notice} notice
 * @param {number} now seconds since the Unix epoch
 */
function matters(notice, now) {
  return notice.ends_at === null || notice.ends_at + AFTERLIFE >= now;
}

/**
 * @param {Notice} one
 * @param {Notice} other
 */
function isSame(one, other) {
  return (
    one.text === other.text &&
    one.level === other.level &&
    one.ends_at === other.ends_at &&
    one.answer === other.answer &&
    JSON.stringify(one.choices) === JSON.stringify(other.choices)
  );
}

module.exports = { isSame, matters, message, openChoices, timeLeft };
