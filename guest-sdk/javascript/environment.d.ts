// What a step has besides the language itself: exactly what is there. Names are those of other environments, so that these types
// go together with theirs.

interface Console {
  assert(condition?: boolean, ...data: any[]): void;
  debug(...data: any[]): void;
  trace(...data: any[]): void;
  log(...data: any[]): void;
  info(...data: any[]): void;
  dir(...data: any[]): void;
  table(...data: any[]): void;
  warn(...data: any[]): void;
  error(...data: any[]): void;
}

interface Crypto {
  getRandomValues<T extends ArrayBufferView | null>(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}

interface Performance {
  now(): number;
  readonly timeOrigin: number;
}

interface TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

interface TextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare var console: Console;
declare var crypto: Crypto;
declare var performance: Performance;
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder };
declare var TextDecoder: {
  prototype: TextDecoder;
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

declare function setTimeout(callback: (...args: any[]) => void, ms?: number, ...args: any[]): number;
declare function clearTimeout(id: number | undefined): void;
declare function queueMicrotask(callback: () => void): void;
declare function atob(text: string): string;
declare function btoa(text: string): string;

/** What a step has not. The text says what to do instead. */
interface NotInAStep<Instead extends string> {
  readonly instead: Instead;
}

declare function fetch(
  ...args: NotInAStep<"a step has no network: suspend with what is wanted, and let the one who answers do it">[]
): never;
declare function require(...args: NotInAStep<"modules are imported, so that they become part of the component">[]): never;
declare function setInterval(...args: NotInAStep<"wait in a loop: for (;;) { await ctx.sleep(ms); ... }">[]): never;
declare var process: NotInAStep<"a step has no process: it ends by returning or throwing, and has its settings from its input">;
declare var Worker: NotInAStep<"a step has one thread: run other steps with ctx.runStep(id, input)">;
