/** Compiles examples as strictly as the project itself. They are in memory only, as files of this directory. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

export class ExampleCompiler {
  readonly #program: ts.Program;

  /** @param examples - the sources by name */
  constructor(examples: ReadonlyMap<string, string>) {
    const sources = new Map(Array.from(examples, ([name, source]) => [fileOf(name), source]));
    const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (file) => ts.sys.readFile(file));
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
    const host = ts.createCompilerHost(options);
    const { fileExists, readFile } = host;
    host.fileExists = (file) => sources.has(file) || fileExists.call(host, file);
    host.readFile = (file) => sources.get(file) ?? readFile.call(host, file);
    this.#program = ts.createProgram([...sources.keys()], options, host);
  }

  /** What is wrong with an example, line by line of its source. */
  problemsOf(name: string): readonly string[] {
    const file = this.#program.getSourceFile(fileOf(name));
    return ts.getPreEmitDiagnostics(this.#program, file).map(({ start = 0, messageText }) => {
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }

  /** The properties of an interface or a type that an example declares. */
  propertiesOf(example: string, type: string): readonly string[] {
    const checker = this.#program.getTypeChecker();
    const file = this.#program.getSourceFile(fileOf(example));
    const declaration = file?.statements.find((node) => ts.isTypeAliasDeclaration(node) && node.name.text === type);
    return declaration
      ? checker
          .getTypeAtLocation(declaration)
          .getProperties()
          .map((property) => property.name)
      : [];
  }
}

function fileOf(name: string): string {
  return `${DIRECTORY}${name}.example.ts`;
}
