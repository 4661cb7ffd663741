/**
 * The package as its users get it, built from the sources as they are now, beside `dist`: for programs that run as such, and
 * find it by its name. Types are `npm run typecheck`'s business, here they are just left out.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export class BuiltPackage {
  readonly #directory: string;
  readonly #options = compilerOptions();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async build(): Promise<BuiltPackage> {
    // Below node_modules: out of sight of every other tool, and the dependencies are found.
    const cache = join(ROOT, 'node_modules', '.cache');
    await mkdir(cache, { recursive: true });
    const built = new BuiltPackage(await mkdtemp(join(cache, 'built-package-')));
    await cp(join(ROOT, 'package.json'), join(built.#directory, 'package.json'));
    await built.compile('src', 'dist');
    return built;
  }

  /** Where a compiled file is, by its name without extension. */
  fileOf(name: string): string {
    return join(this.#directory, `${name}.js`);
  }

  /** Compiles the TypeScript files of a directory of the project. */
  async compile(from: string, to: string = from): Promise<void> {
    const names = await readdir(join(ROOT, from), { recursive: true });
    const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
    await Promise.all(
      sources.map(async (name) => this.add(join(to, name), await readFile(join(ROOT, from, name), 'utf8'))),
    );
  }

  /**
   * Adds one module.
   * @returns where it is
   */
  async add(name: string, source: string): Promise<string> {
    const file = join(this.#directory, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(file), { recursive: true });
    const { outputText } = ts.transpileModule(source, { compilerOptions: this.#options, fileName: name });
    await writeFile(file, outputText);
    return file;
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The project's own options; one file alone doesn't tell that it is an ES module. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  return { ...options, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
}
