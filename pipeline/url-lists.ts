// What the rest of the pipeline uses of stages/url: published lists and compiling them, apart from the step.
export { compiledInWords, compileUrlLists } from '../stages/url/compile.js';
export { PUBLISHED_LISTS, type PublishedList } from '../stages/url/lists-catalogue.js';
