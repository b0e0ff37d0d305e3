'use strict';

const { isUtf8 } = require('node:buffer');
const { types } = require('node:util');

const { MAX_TOKEN } = require('../native.js');

// The addon's own conversion errors quote the value that they could not convert, so every argument
// is looked at here, and an error names the parameter alone.

function wrong(name, expected) {
  return new TypeError(`\`${name}\` must be ${expected}`);
}

/** A string that is whole Unicode: another would be changed on its way, and two become one. */
function text(name, value) {
  if (typeof value !== 'string') throw wrong(name, 'a string');
  if (!value.isWellFormed()) throw wrong(name, 'well-formed Unicode');
  return value;
}

/** Such a string, or nothing: `undefined` or `null`. */
function optionalText(name, value) {
  return value === undefined || value === null ? undefined : text(name, value);
}

/** Several such strings, or one alone, or nothing. */
function optionalTexts(name, value) {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return [text(name, value)];
  return Array.from(value, (one) => text(name, one));
}

// A typed array may have a `buffer` of its own besides.
const bufferOf = (bytes) => Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), 'buffer', bytes);

/**
 * Bytes that no other thread can change while they are read. They may be of another realm, as in
 * `node:vm` and the test runners that are built on it, so `instanceof` would not do.
 */
function bytes(name, value) {
  if (!types.isUint8Array(value) || types.isSharedArrayBuffer(bufferOf(value))) {
    throw wrong(name, 'a Uint8Array of memory that is not shared');
  }
  return value;
}

/** A secret as bytes of UTF-8. Those of the caller are its own; a string is copied. */
function secret(name, value) {
  if (typeof value === 'string') return Buffer.from(text(name, value));
  if (!isUtf8(bytes(name, value))) throw wrong(name, 'UTF-8');
  return value;
}

/** The text of a token as bytes of UTF-8, and no more than it takes to see that it is too long. */
function token(text) {
  return Buffer.from(text.slice(0, MAX_TOKEN + 1));
}

/** Fills a secret with zeros, if its owner has not given its memory away meanwhile. */
function wipe(secret) {
  try {
    Uint8Array.prototype.fill.call(secret, 0);
  } catch {
    // There is nothing left to fill.
  }
}

function object(name, value) {
  if (typeof value !== 'object' || value === null) throw wrong(name, 'an object');
  return value;
}

/** The text of an object as JSON. What `JSON.stringify` says of one that has none quotes it. */
function json(name, value) {
  let text;
  try {
    text = JSON.stringify(object(name, value));
  } catch {
    // Below.
  }
  if (text === undefined) throw wrong(name, 'an object that can be written as JSON');
  return text;
}

function optionalFunction(name, value) {
  if (value !== undefined && typeof value !== 'function') throw wrong(name, 'a function');
  return value;
}

/** Whether such a number may be is for the core to say. */
function number(name, value) {
  if (typeof value !== 'number') throw wrong(name, 'a number');
  return value;
}

/**
 * `instanceof` would refuse those of another realm, and those that frameworks of the Fetch form make for
 * themselves.
 */
function optionalSignal(value) {
  if (value === undefined) return undefined;
  if (typeof value?.aborted !== 'boolean' || typeof value.addEventListener !== 'function') {
    throw wrong('signal', 'an AbortSignal');
  }
  return value;
}

module.exports = {
  wrong,
  text,
  optionalText,
  optionalTexts,
  bytes,
  secret,
  token,
  wipe,
  object,
  json,
  number,
  optionalFunction,
  optionalSignal,
};
