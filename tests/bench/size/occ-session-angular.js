// What an Angular application takes of occ-session.
export {
  OccSession,
  occSessionInterceptor,
  provideOccSession,
} from '../../../dist/angular/index.js';
