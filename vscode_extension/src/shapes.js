'use strict';

/**
 * Shapes of what the session sends, as far as they are used here.
 * gpucommons_contract describes them in full. A figure that is not known is null.
 *
 * @typedef {{ used: number, total: number }} Memory in bytes
 *
 * @typedef {object} GPU
 * @property {number} index
 * @property {string} name
 * @property {number | null} utilization percent
 * @property {Memory | null} memory
 * @property {number | null} power watts
 * @property {number | null} temperature degrees Celsius
 *
 * @typedef {object} Frame
 * @property {number} time seconds since the Unix epoch
 * @property {'ok' | 'no-gpu' | 'failed'} state
 * @property {string | null} reason
 * @property {string | null} gpu_mode
 * @property {GPU[]} gpus
 *
 * @typedef {object} Notice
 * @property {string} id
 * @property {string} text
 * @property {'info' | 'warning' | 'error'} level
 * @property {number | null} ends_at seconds since the Unix epoch
 * @property {{ id: string, label: string }[]} choices answers that it offers
 * @property {string | null} answer the id of what the person chose
 */

module.exports = {};
