// The other side: what a board's controller makes of the bytes that it gets, as lights/receiver.py has it. Bytes come in
// writes of any size; a message is shown as a whole or not at all.

const MARKS = { 2: "NMOP", 3: "RQST" };
const COLOURS = { S: "00FF00", P: "0000FF", R: "0000FF", L: "8000FF", M: "FF0080", F: "00FFFF", E: "FF0000" };
const MOST_TEXT = 4096;
const MOST_LIGHTS = 4096;

export class Receiver {
  constructor() {
    this.text = ""; // a character for each byte
    this.flags = "";
    this.parts = []; // of an Aurora message that is not complete
    this.level = 0;
  }

  // What the next bytes make the board do: [{lights: [{position, colour}], extraLeds, mini, level}], or {fault} for bytes
  // that make no sense.
  feed(bytes) {
    for (const byte of bytes) this.text += String.fromCharCode(byte);
    const found = [];
    while (this.text) {
      const [size, outcome] = this.next();
      if (!size) break;
      this.text = this.text.slice(size);
      if (outcome) found.push(outcome);
    }
    return found;
  }

  // How many bytes are done with, 0 where more must come first, and what they mean.
  next() {
    if (this.text[0] === "\x01") return this.packet();
    if (this.text[0] === "l") return this.string();
    if (this.text[0] === "~") return this.flag();
    const size = /^[^\x01l~]+/.exec(this.text)[0].length;
    return [size, { fault: `${size} bytes that begin no message` }];
  }

  flag() {
    if (this.text.length < 3) return [0];
    const match = /^~([DM])\*?/.exec(this.text);
    if (!match) return [1, { fault: "a flag that is neither ~D nor ~M" }];
    this.flags += match[1];
    return [match[0].length];
  }

  string() {
    if (this.text.length < 2) return [0];
    if (this.text[1] !== "#") return [1, { fault: "an l without #" }];
    const end = this.text.indexOf("#", 2);
    if (end < 0 || end >= MOST_TEXT) {
      return this.text.length < MOST_TEXT ? [0] : [2, { fault: `a string of more than ${MOST_TEXT} bytes` }];
    }
    const [held, flags] = [this.text.slice(2, end), this.flags];
    this.flags = "";
    if (held.endsWith("l")) return [end - 1, { fault: "a string that was cut off" }];
    const lights = [];
    for (const word of held ? held.split(",") : []) {
      const match = /^([SPELRMF])(\d{1,5})$/.exec(word);
      if (!match) return [end + 1, { fault: `“${word.slice(0, 20)}” is no light` }];
      lights.push({ position: Number(match[2]), colour: COLOURS[match[1]] });
    }
    return [end + 1, { lights, extraLeds: flags.includes("D"), mini: flags.includes("M") }];
  }

  packet() {
    if (this.text.length < 4) return [0];
    const length = this.text.charCodeAt(1);
    if (this.text[3] !== "\x02" || !length) return [1, { fault: "a packet that begins wrongly" }];
    if (this.text.length < length + 5) return [0];
    const data = [...this.text.slice(4, 4 + length)].map((one) => one.charCodeAt(0));
    if (this.text[4 + length] !== "\x03") return [1, { fault: "a packet that ends wrongly" }];
    const checksum = ~data.reduce((sum, one) => sum + one, 0) & 255;
    if (checksum !== this.text.charCodeAt(2)) return [1, { fault: "a packet whose checksum is wrong" }];
    return [length + 5, this.collected(data)];
  }

  collected([first, ...part]) {
    const mark = String.fromCharCode(first);
    const level = [2, 3].find((one) => MARKS[one].includes(mark));
    if (!level) return { fault: `a packet of the unknown kind ${first}` };
    const place = MARKS[level].indexOf(mark); // first, middle, last, only
    if (place === 0 || place === 3) {
      Object.assign(this, { parts: [], level });
    } else if (!this.parts.length || level !== this.level) {
      this.parts = [];
      return { fault: "a packet that continues no message" };
    }
    this.parts.push(part);
    if (part.length % level || this.parts.flat().length > MOST_LIGHTS * level) {
      this.parts = [];
      return { fault: "a packet with a part of a light, or too many lights" };
    }
    if (place < 2) return null;
    const bytes = this.parts.flat();
    this.parts = [];
    const lights = [];
    for (let i = 0; i < bytes.length; i += level) lights.push(lit(bytes.slice(i, i + level))); // a byte for each level
    return { lights, level };
  }
}

function lit([low, high, colour]) {
  if (colour === undefined) {
    return { position: low | ((high & 3) << 8), colour: hex([high >> 6, (high >> 4) & 3, (high >> 2) & 3], [3, 3, 3]) };
  }
  return { position: low | (high << 8), colour: hex([colour >> 5, (colour >> 2) & 7, colour & 3], [7, 7, 3]) };
}

const hex = (channels, most) =>
  channels
    .map((one, i) =>
      Math.floor((one * 255) / most[i])
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")
    .toUpperCase();
