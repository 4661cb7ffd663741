import { HttpException } from '@nestjs/common';

/** A failure whose answer is a page: the form again, with what was wrong. */
export class PageException extends HttpException {
  constructor(
    status: number,
    readonly page: string,
  ) {
    super('Answered with a page', status);
  }
}
