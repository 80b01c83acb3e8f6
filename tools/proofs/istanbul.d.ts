// What tools/coverage-js.js uses of Istanbul, whose packages have no declarations of their own.
declare module 'istanbul-lib-coverage' {
  export interface Position {
    line: number;
    column: number;
  }
  export interface Range {
    start: Partial<Position>;
    end: Partial<Position>;
  }
  export interface FileCoverageData {
    path: string;
    statementMap: Record<string, Range>;
    fnMap: Record<string, { name: string; decl: Range; loc: Range }>;
    branchMap: Record<string, { type: string; loc: Range; locations: Range[] }>;
    s: Record<string, number>;
    f: Record<string, number>;
    b: Record<string, number[]>;
  }
  export interface Totals {
    total: number;
    covered: number;
    skipped: number;
    pct: number;
  }
  export interface FileCoverage extends FileCoverageData {
    toSummary(): Record<'lines' | 'statements' | 'functions' | 'branches', Totals>;
    getUncoveredLines(): number[];
  }
  export interface CoverageMap {
    merge(data: Record<string, FileCoverageData>): void;
    addFileCoverage(data: FileCoverageData): void;
    files(): string[];
    fileCoverageFor(path: string): FileCoverage;
  }
  const istanbul: { createCoverageMap(data?: Record<string, FileCoverageData>): CoverageMap };
  export default istanbul;
}

declare module 'istanbul-lib-instrument' {
  import type { FileCoverageData } from 'istanbul-lib-coverage';

  export interface Instrumenter {
    instrumentSync(code: string, filename: string): string;
    lastFileCoverage(): FileCoverageData;
  }
  const istanbul: {
    createInstrumenter(options: {
      esModules: boolean;
      compact: boolean;
      preserveComments: boolean;
      coverageGlobalScope: string;
      coverageGlobalScopeFunc: boolean;
    }): Instrumenter;
  };
  export default istanbul;
}
