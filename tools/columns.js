// Prints tables whose columns are as wide as their widest cell.

/** @param {string[][]} lines the first is the head */
export function printColumns(lines) {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  for (const line of lines) {
    const cells = line.map((cell, i) => cell.padEnd(widths[i]));
    console.log(cells.join('  ').trimEnd());
  }
}
