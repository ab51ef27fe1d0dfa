import { CondorVersion } from '../../src/htcondor/version';

test('comparison', () => {
  expect(CondorVersion.V23_9.toString()).toBe('23.9.6');
  expect(CondorVersion.of('24.0').toString()).toBe('24.0.0');
  expect(CondorVersion.V25_0.atLeast('24.12.23')).toBe(true);
  expect(CondorVersion.of('24.0.17').atLeast('24.0.18')).toBe(false);
  expect(CondorVersion.V23_9.atLeast('23.9.6')).toBe(true);
  expect(CondorVersion.V23_9.compareTo(CondorVersion.V25_0)).toBeLessThan(0);
  expect(CondorVersion.of('23.10.0').compareTo(CondorVersion.V23_9)).toBeGreaterThan(0);
});

test.each(['', '24', 'v24.0', '24.0.17-1', '22.0.1', '23.8.9', 'latest', '24.0.17.1'])('%j is refused', (version) => {
  expect(() => CondorVersion.of(version)).toThrow(`CondorVersion: given "${version}"`);
});

test('what differs', () => {
  expect([CondorVersion.V23_9._securityTemplate, CondorVersion.V25_0._securityTemplate]).toEqual(['recommended_v9_0', 'recommended']);
  expect(CondorVersion.V25_0._slotTypesTakeDisk).toBe(false);
  expect(CondorVersion.of('25.4')._slotTypesTakeDisk).toBe(true);
  expect(CondorVersion.of('25.12.9')._joinsPrivateNetworks).toBe(false);
  expect(CondorVersion.of('25.13')._joinsPrivateNetworks).toBe(true);
  expect(CondorVersion.V25_0._lifetime('CREDD_PORT')).toBe('until 24.4.0');
  expect(CondorVersion.V23_9._lifetime('CREDD_PORT')).toBeUndefined();
  expect(CondorVersion.V23_9._lifetime('START')).toBeUndefined();
  expect(Object.keys(CondorVersion.V23_9._executionPointDefaults)).toEqual(['CGROUP_IGNORE_CACHE_MEMORY', 'DISABLE_SWAP_FOR_JOB']);
});
