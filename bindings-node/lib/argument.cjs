'use strict';

const { isUtf8 } = require('node:buffer');

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

/** Bytes that no other thread can change while they are read. */
function bytes(name, value) {
  if (!(value instanceof Uint8Array) || value.buffer instanceof SharedArrayBuffer) {
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

function object(name, value) {
  if (typeof value !== 'object' || value === null) throw wrong(name, 'an object');
  return value;
}

function optionalFunction(name, value) {
  if (value !== undefined && typeof value !== 'function') throw wrong(name, 'a function');
  return value;
}

function optionalSignal(value) {
  if (value !== undefined && !(value instanceof AbortSignal)) {
    throw wrong('signal', 'an AbortSignal');
  }
  return value;
}

module.exports = { wrong, text, optionalText, bytes, secret, object, optionalFunction, optionalSignal };
