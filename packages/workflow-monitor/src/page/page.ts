import { list } from './list';
import { monitor } from './monitor';

if (document.body.dataset.page === 'list') { list(); } else { monitor(); }
