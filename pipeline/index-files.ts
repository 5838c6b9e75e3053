// What the rest of the pipeline uses of stages/dedupe: the files of an index of keys, apart from the steps that are given one.
export { misfitOf } from '../stages/dedupe/index-against.js';
export {
  type Catalogue,
  catalogueText,
  findDamage,
  firstRow,
  IDS_SHAPE,
  type IndexedFile,
  type IndexSegment,
  isName,
  type KeySpace,
  readCatalogue,
  segmentFile,
  segmentFolder,
} from '../stages/dedupe/index-catalogue.js';
export { bandFiles } from '../stages/dedupe/minhash/minhash-index.js';
