// What Angular needs before anything else.
import '@angular/localize/init';
import 'zone.js';
