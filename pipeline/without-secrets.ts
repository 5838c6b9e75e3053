// Messages as logs and metrics may carry them: of a URL its user, password and query are cut out, which is where tokens and
// signatures of presigned addresses stand. Invariant: what is left names the same file.

export function withoutSecrets(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi, '$1').replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s?#"'<>]*)[?#][^\s"'<>,]*/gi, '$1');
}
