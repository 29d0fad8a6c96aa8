/** What a person can set about the analysis of Python. */
export interface IAnalysis {
  typeChecking: string;
  interpreter: string | undefined;
}

/**
 * Answer a request of basedpyright for its configuration.
 *
 * A `pyproject.toml` or `pyrightconfig.json` in the folder comes before all of it.
 */
export function sectionFor(
  section: string | undefined,
  { typeChecking, interpreter }: IAnalysis
): object | null {
  const analysis = {
    typeCheckingMode: typeChecking,
    diagnosticMode: 'openFilesOnly', // a home folder has more files than anybody waits for
    autoImportCompletions: true,
    autoSearchPaths: true,
    useLibraryCodeForTypes: true,
    inlayHints: {
      variableTypes: false,
      callArgumentNames: false,
      functionReturnTypes: false,
      genericTypes: false
    }
  };
  switch (section) {
    case 'python':
      return { pythonPath: interpreter ?? 'python', analysis };
    case 'python.analysis':
    case 'basedpyright.analysis':
      return analysis;
    case 'basedpyright':
      // ruff has the imports in order.
      return { analysis, disableOrganizeImports: true };
    default:
      return null;
  }
}
