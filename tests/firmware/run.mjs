// One line of JSON on stdin: {sources: {path: base64}, files: {path: base64}, scenes: [object, ...]}.
// Each scene is one wake of the sensor in a fresh MicroPython; the files that it leaves go into the next one.
// A line of JSON on stdout for each wake: {events, output, error, files}.
import { readFileSync } from 'node:fs';

const { loadMicroPython } = await import(process.argv[2]);
const { sources, files, scenes } = JSON.parse(readFileSync(0, 'utf8'));
const SYSTEM = new Set(['tmp', 'home', 'dev', 'proc', 'fakes', 'factory', 'lib']);
const START = "import sys\nsys.path[-1:] = ['/factory', '/fakes']\nimport world\nworld.start()\n";

function put(fs, path, base64) {
  const folders = path.split('/').slice(1, -1);
  folders.reduce((above, name) => {
    const folder = `${above}/${name}`;
    if (!fs.analyzePath(folder).exists) fs.mkdir(folder);
    return folder;
  }, '');
  fs.writeFile(path, Buffer.from(base64, 'base64'));
}

function collect(fs, folder, into) {
  for (const name of fs.readdir(folder || '/')) {
    const path = `${folder}/${name}`;
    if (name === '.' || name === '..' || (folder === '' && SYSTEM.has(name))) continue;
    if (fs.isDir(fs.stat(path).mode)) collect(fs, path, into);
    else into[path] = Buffer.from(fs.readFile(path)).toString('base64');
  }
  return into;
}

let kept = files;
for (const scene of scenes) {
  const events = [];
  const output = [];
  const mp = await loadMicroPython({ heapsize: 4 << 20, linebuffer: true, stdout: (line) => output.push(line) });
  for (const [path, data] of Object.entries({ ...sources, ...kept })) put(mp.FS, path, data);
  mp.registerJsModule('hostio', {
    scene: () => JSON.stringify(scene),
    say: (text) => { events.push(JSON.parse(text)); },
  });
  let error = null;
  try {
    await mp.runPythonAsync(START);
    // Garbage is collected between these only: this build of MicroPython cannot do it in the middle of a call.
    for (const step of scene.steps ?? []) await mp.runPythonAsync(step);
  } catch (problem) {
    error = String(problem.message ?? problem);
  }
  kept = collect(mp.FS, '', {});
  process.stdout.write(`${JSON.stringify({ events, output, error, files: kept })}\n`);
}
