// The modules that workers load where no test brings its own: the registry of steps and the readers of inputs, of this very build.
export const SHIPPED_MODULES = { steps: new URL('./registry.js', import.meta.url).href, inputs: new URL('./inputs.js', import.meta.url).href } as const;
