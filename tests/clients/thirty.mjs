// The calls of tests/journeys/thirty_calls.py, by OpenAI's own client for Node.
// Reads from its input {url, key, sound (base64), owl (a data URL), omitted (names of fields)}, writes what came of each call.

import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const require = createRequire(join(process.cwd(), "package.json"));
const { OpenAI, toFile, APIError } = require("openai");

const { url, key, sound, owl, omitted } = JSON.parse(await text(process.stdin));
const client = new OpenAI({ baseURL: url, apiKey: key });
const wrong = new OpenAI({ baseURL: url, apiKey: "sk-wrong", maxRetries: 0 });

const CHAT = "parley-demo";
const QUESTION = [{ role: "user", content: "What do owls eat?" }];
const WEATHER = [
  {
    type: "function",
    function: {
      name: "weather",
      description: "The weather",
      parameters: { type: "object", properties: { place: { type: "string" } } },
    },
  },
];
const CALLED = [
  ...QUESTION,
  { role: "assistant", tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: "{}" } }] },
  { role: "tool", tool_call_id: "call_1", content: "rain" },
];
const PICTURE = [{ role: "user", content: [{ type: "text", text: "This?" }, { type: "image_url", image_url: { url: owl } }] }];

const ask = (options) => () => client.chat.completions.create({ model: CHAT, messages: QUESTION, ...options });
const respond = (options) => () => client.responses.create({ model: CHAT, input: "What do owls eat?", ...options });

const continued = async () => {
  const first = await client.responses.create({ model: CHAT, input: "My name is Ada." });
  return client.responses.create({ model: CHAT, input: "And now?", previous_response_id: first.id });
};
const embed = (options) => () => client.embeddings.create({ model: "parley-demo-embedding", ...options });
const edited = async () => {
  const image = await toFile(Buffer.from(owl.split(",")[1], "base64"), "owl.png", { type: "image/png" });
  return client.images.edit({ model: "parley-demo-picture", image, prompt: "A hat on it" });
};
const spoken = async () => {
  const options = { model: "parley-demo-speech", voice: "alloy", input: "Hoo.", response_format: "wav" };
  const answer = await client.audio.speech.create(options);
  return Buffer.from(await answer.arrayBuffer()).toString("base64");
};
const heard = (options) => async () => {
  const file = await toFile(Buffer.from(sound, "base64"), "hoo.wav", { type: "audio/wav" });
  return client.audio.transcriptions.create({ model: "parley-demo-transcription", file, ...options });
};

const calls = [
  ask({}),
  ask({ model: "parley-demo-mini", temperature: 0.5, seed: 7, user: "ada", metadata: { a: "b" } }),
  ask({ max_tokens: 3 }),
  ask({ max_completion_tokens: 4 }),
  ask({ n: 2 }),
  ask({ stop: ["mice"] }),
  ask({ response_format: { type: "text" } }),
  ask({ logprobs: true, top_logprobs: 2 }),
  ask({ messages: [{ role: "system", content: "Be brief." }, ...QUESTION] }),
  ask({ messages: PICTURE }),
  ask({ tools: WEATHER }),
  ask({ messages: CALLED, tools: WEATHER }),
  ask({ stream: true }),
  ask({ stream: true, stream_options: { include_usage: true } }),
  ask({ stream: true, n: 2, max_tokens: 5 }),
  ask({ stream: true, tools: WEATHER }),
  respond({}),
  respond({ instructions: "Be brief.", max_output_tokens: 16 }),
  respond({ stream: true }),
  continued,
  embed({ input: "An owl" }),
  embed({ input: ["a", "b"], encoding_format: "float", dimensions: 8 }),
  () => client.images.generate({ model: "parley-demo-picture", prompt: "An owl", n: 2, size: "1024x1024" }),
  edited,
  spoken,
  heard({}),
  heard({ response_format: "verbose_json" }),
  ask({ temperature: 9 }),
  ask({ model: "no-such-model" }),
  () => wrong.chat.completions.create({ model: CHAT, messages: QUESTION }),
];

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

async function outcome(call) {
  try {
    const result = await call();
    return result?.[Symbol.asyncIterator] ? await all(result) : result;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { error: error.constructor.name, status: error.status, code: error.code };
  }
}

const outcomes = [];
for (const call of calls) outcomes.push(await outcome(call));
process.stdout.write(JSON.stringify(outcomes, (name, value) => (omitted.includes(name) ? undefined : value)));
