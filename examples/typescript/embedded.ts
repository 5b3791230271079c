// A model inside your own program: no server, no port. INFERNO_MODEL names another one than the built-in Ember.
import { InfernoError, loadModel } from 'inferno-ai';

await using model = await loadModel(process.env['INFERNO_MODEL'] ?? 'ember', { contextSize: 1024, parallel: 4 });

// The engine batches what runs at the same time.
const questions = ['What is Inferno?', 'Count from one to five.'];
try {
  const answers = await Promise.all(
    questions.map((content) => model.chat([{ role: 'user', content }], { maxTokens: 32, temperature: 0 })),
  );
  for (const { text, usage } of answers) console.log(text, usage);
} catch (error) {
  if (!InfernoError.isInstance(error)) throw error;
  console.error(error.code, error.message);
  process.exitCode = 1;
}

for await (const part of model.complete('Once upon a time', { maxTokens: 16 })) process.stdout.write(part.text);
console.log();
