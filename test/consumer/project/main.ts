import { App } from 'cdk8s';
import { gridSite } from './grid-site';

const app = new App();
gridSite(app);
app.synth();
