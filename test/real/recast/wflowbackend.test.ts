import { spawnSync } from 'child_process';
import { PACKAGE, yadage } from './engine-program';
import { describeWorkflowServer } from '../requirements';

describeWorkflowServer('the engine\'s side of a request', () => {
  test('its own tests pass, with real Yadage', () => {
    const { status, stderr } = spawnSync('python3', ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
      cwd: PACKAGE, encoding: 'utf8', env: { ...process.env, PYTHONPATH: yadage(), PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stderr).toMatch(/\nRan \d\d tests in /);
    expect(stderr).not.toContain('skipped');
  });
});
