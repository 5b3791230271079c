// Needs lib "esnext.disposable" (or a TypeScript that has it in its default library), unlike everything else.
import { loadModel } from 'inferno-ai';

await using model = await loadModel('ember');
console.log(model.info.contextSize);
