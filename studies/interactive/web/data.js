// From the text inside the page to graphs, scenes and patterns.
// What `content.py` and `packed.py` write is read here, and nothing else: another version is refused.

export const VERSION = 1;
const MAGIC = "SPSKVIEW";
const HEAD = 16;
const KINDS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  float64: Float64Array,
};

// What went wrong, for the reader of the page.
export class Sentence extends Error {}

export async function read(text) {
  const packed = decoded(text.trim());
  if (typeof DecompressionStream === "undefined")
    throw new Sentence("This browser is too old for the page: it needs one of 2023 or newer.");
  const bytes = await gunzipped(packed);
  const words = new TextDecoder();
  if (bytes.length < HEAD || words.decode(bytes.subarray(0, 8)) !== MAGIC)
    throw new Sentence("The data inside this page are not those of a run. Write the page anew.");
  const view = new DataView(bytes.buffer);
  const version = view.getUint32(8, true);
  if (version !== VERSION)
    throw new Sentence(
      `The data inside this page have version ${version}; the page reads version ${VERSION}. ` +
        "Write it anew with one release of spinspike.",
    );
  const length = view.getUint32(12, true);
  try {
    const header = JSON.parse(words.decode(bytes.subarray(HEAD, HEAD + length)));
    header.arrays = header.arrays.map(([kind, shape, at]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return { shape, values: new KINDS[kind](bytes.buffer, HEAD + length + at, size) };
    });
    return header;
  } catch (error) {
    throw new Sentence("The data inside this page are damaged. Write the page anew.", {
      cause: error,
    });
  }
}

function decoded(text) {
  if (!text || text.startsWith("{{"))
    throw new Sentence(
      "This page holds no run yet: `spinspike view graph.h5 --interactive -o page.html` writes one that does.",
    );
  let plain;
  try {
    plain = atob(text);
  } catch (error) {
    throw new Sentence("The data inside this page are damaged. Write the page anew.", {
      cause: error,
    });
  }
  const bytes = new Uint8Array(plain.length);
  for (let k = 0; k < plain.length; k++) bytes[k] = plain.charCodeAt(k);
  return bytes;
}

async function gunzipped(packed) {
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new Sentence("The data inside this page are damaged. Write the page anew.", {
      cause: error,
    });
  }
}
