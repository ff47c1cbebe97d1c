// A file from the app: asked for once, with its progress.
//
//   POST lib/share {runs, to, leave_out, send} --> lines of JSON: {done, of} … then {name, type, size} and the bytes, {sent, address}, or {error}

const NO_ANSWER = "Refinescope does not answer. Start it again, then try once more.";
const CUT_OFF = "The file was not made: the app stopped in the middle. The terminal that it runs in says why.";

export class NotMade extends Error {}

/** Ask for a file. onProgress(done, of): runs read so far. Returns {name, type, blob}, or {sent, address}; throws NotMade with a sentence for a person. */
export async function askForFile(url, request, { signal, onProgress = () => undefined }) {
  let reply;
  try {
    reply = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request), signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new NotMade(NO_ANSWER);
  }
  if (!reply.ok) throw new NotMade(`The file was not made: ${(await reply.text()).slice(0, 300)}`);
  try {
    return await read(reply.body.getReader(), onProgress);
  } catch (error) {
    if (signal?.aborted || error instanceof NotMade) throw error;
    throw new NotMade(CUT_OFF);
  }
}

async function read(reader, onProgress) {
  let rest = new Uint8Array();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new NotMade(CUT_OFF);
    rest = join(rest, value);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = JSON.parse(new TextDecoder().decode(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
      if (line.error) throw new NotMade(line.error);
      if (line.address) return line;
      if (line.name) return { ...line, blob: await readBytes(reader, rest, line) };
      onProgress(line.done, line.of);
    }
  }
}

async function readBytes(reader, first, { type, size }) {
  const parts = [first];
  let length = first.length;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  if (length !== size) throw new NotMade(CUT_OFF);
  return new Blob(parts, { type });
}

function join(one, other) {
  if (!one.length) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Have the browser save a blob under this name. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // Safari begins late
}
