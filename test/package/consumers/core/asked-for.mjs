/** Imports an export of the package, and prints what it asked for beside the package's dependencies, installed or not. */
import { createRequire, isBuiltin, register } from 'node:module';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';

const { port1: specifiers, port2: port } = new MessageChannel();
register(
  'data:text/javascript,' +
    encodeURIComponent(`
      let port;
      export function initialize(given) {
        port = given;
      }
      export function resolve(specifier, context, next) {
        port.postMessage(specifier);
        return next(specifier, context);
      }`),
  { data: port, transferList: [port] },
);
const [name] = process.argv.slice(2);
await import(name);

const asked = new Set();
for (let next; (next = receiveMessageOnPort(specifiers));) asked.add(next.message);
const { dependencies } = createRequire(import.meta.url)('nestjs-http-session/package.json');
const expected = new Set([name, ...Object.keys(dependencies)]);
const isOther = (specifier) => /^[^./]/.test(specifier) && !isBuiltin(specifier) && !expected.has(specifier);
console.log(JSON.stringify([...asked].filter(isOther)));
