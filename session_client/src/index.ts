export * from './contract.ts';
export * from './notices.ts';
export * from './refusederror.ts';
export * from './stopping.ts';
