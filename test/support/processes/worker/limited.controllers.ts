/** The same as ever, of sessions of which a principal may have a few only. */
import { Controller } from '@nestjs/common';
import { UseSession } from 'nestjs-http-session';
import { WorkerController } from './worker.controller.js';

/** How many. */
export const MAX_PER_PRINCIPAL = 5;

@Controller('refusing')
@UseSession('refusing')
export class RefusingController extends WorkerController {}

@Controller('displacing')
@UseSession('displacing')
export class DisplacingController extends WorkerController {}
